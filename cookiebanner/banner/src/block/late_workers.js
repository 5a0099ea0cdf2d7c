/** What only some workers need, and what follows for workers from an answer. Part of late.js. */
import { imported } from './imports.js';

/** A worker that the page's policy did not let begin behind the rules begins as it is; who holds the first one hears it. */
function restart({ worker, port, Native, args, messages, over }) {
  if (over) return;
  const other = new Native(...args);
  const otherPort = other.port || other;
  port.postMessage = (...given) => otherPort.postMessage(...given);
  worker.terminate = () => other.terminate();
  for (const type of ['message', 'messageerror']) {
    otherPort.addEventListener(type, ({ data, ports }) => port.dispatchEvent(new MessageEvent(type, { data, ports: [...ports] })));
  }
  other.addEventListener('error', (event) => {
    const again = event.message ? new ErrorEvent('error', event) : new Event('error');
    worker.dispatchEvent(again);
  });
  otherPort.start?.();
  for (const given of messages) {
    try {
      otherPort.postMessage(...given);
    } catch {
      // What was handed over is gone.
    }
  }
}

/** @param {ReturnType<typeof import('./index.js').internals>} internals */
export function followWorkers({ host, urlWaitsFor, waiting }) {
  host.restart = (records) => records.forEach(restart);
  /** Does the service worker at this address import what waits? Then it cannot be installed, as without a network. */
  host.importsHeld = async (address) => {
    try {
      const response = await fetch(address);
      return imported(await response.text()).some((one) => urlWaitsFor(one, true));
    } catch {
      return false;
    }
  };
  host.listeners.change ||= [];
  host.listeners.change.push(() => {
    if (!host.workers) return;
    const channel = new BroadcastChannel(host.workers);
    channel.postMessage(waiting());
    channel.close();
  });
}
