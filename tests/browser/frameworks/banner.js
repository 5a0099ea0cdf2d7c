/** The first control of ours that a person could press: its middle is its own, and nothing lies over it. */
(selector) => {
  for (const button of document.querySelectorAll(selector)) {
    const { x, y, width, height } = button.getBoundingClientRect();
    const at = [x + width / 2, y + height / 2];
    const hit = document.elementFromPoint(...at);
    if (width && (hit === button || button.contains(hit))) return { x: at[0], y: at[1] };
  }
  return null;
}
