/** Frames that were kept from going somewhere go there once it is allowed. Part of late.js. */

/** @param {ReturnType<typeof import('./index.js').internals>} internals */
export function resumeNavigation({ documentWaitsFor, host, stopped }) {
  const resume = () => {
    for (const [frame, address] of stopped) {
      if (documentWaitsFor(address)) continue;
      stopped.delete(frame);
      try {
        frame.location.replace(address);
      } catch {}
    }
  };
  host.listeners.change ||= [];
  host.listeners.change.push(resume);
  resume();
}
