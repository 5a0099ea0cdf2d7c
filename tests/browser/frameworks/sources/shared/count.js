/** A button that counts, heard at the document so that it outlives a swapped body. */
document.addEventListener('click', (event) => {
  if (!event.target.closest?.('#act')) return;
  const count = document.getElementById('count');
  count.textContent = String(Number(count.textContent) + 1);
});
window.state = () => ({ count: document.getElementById('count')?.textContent });
/** Says that the page has done what it does by itself. */
export const ready = () => {
  window.ready = true;
};
