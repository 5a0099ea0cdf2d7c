/** Microsoft Advertising (UET): one signal, queued before its script loads. */
__fg.adapters.uet = ({ items }, step, has) => {
  const said = { ad_storage: items.some(({ adapter, key }) => adapter === 'uet' && has(key)) ? 'granted' : 'denied' };
  (window.uetq ||= []).push('consent', step, said);
  return said;
};
