/** Microsoft Advertising (UET): one signal, queued before its script loads. */
__fg.adapters.uet = ({ items }, step, has) => {
  const signals = { ad_storage: items.some(({ adapter, key }) => adapter === 'uet' && has(key)) ? 'granted' : 'denied' };
  window.uetq ||= [];
  window.uetq.push('consent', step, signals);
  return signals;
};
