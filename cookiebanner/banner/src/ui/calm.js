/** A press that was meant for something else is no answer. */

/** Milliseconds a layer has to be seen before a press in it counts: the second tap of two, a page that jumps. */
const SEEN = 400;

/**
 * Lets no press of a person's through in a layer that has just opened; what a program presses is its own affair.
 *
 * @param {HTMLElement} layer about to be put into the page
 */
export function calm(layer) {
  let opened = performance.now();
  const painted = () => {
    opened = performance.now();
  };
  requestAnimationFrame(() => requestAnimationFrame(painted));
  const early = (event) => {
    if (event.isTrusted && event.timeStamp - opened < SEEN) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  };
  layer.addEventListener('click', early, true);
}
