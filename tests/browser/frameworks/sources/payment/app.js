/* global field */
document.getElementById('act').addEventListener('click', async () => {
  document.getElementById('said').textContent = await field.pay(5);
});
window.state = async () => {
  const said = document.getElementById('said');
  for (let i = 0; i < 20 && !said.textContent; i++) await new Promise((resolve) => setTimeout(resolve, 20));
  return { said: said.textContent };
};
field.ready.then(() => {
  window.ready = true;
});
