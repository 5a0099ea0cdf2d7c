// As a Tealium consent integration reads a CMP: polls until it is well formed, asks whether somebody decided, makes a list of
// purposes of it, and reads again at each event. `utag_data` gets what its extensions put there.
window.heard = [];
const ready = () =>
  typeof window.OneTrust === 'object' &&
  typeof OneTrust.GetDomainData === 'function' &&
  typeof OneTrust.IsAlertBoxClosed === 'function' &&
  Array.isArray(OneTrust.GetDomainData().Groups) &&
  typeof window.OnetrustActiveGroups === 'string';
const read = () => {
  const data = OneTrust.GetDomainData();
  const allowed = OnetrustActiveGroups.split(',').filter((id) => id !== '');
  window.utag_data = {
    key: data.cctId,
    explicit: OneTrust.IsAlertBoxClosed() === true,
    model: data.ConsentModel.Name,
    purposes: data.Groups.filter(({ CustomGroupId }) => allowed.includes(CustomGroupId)).map(({ GroupName }) => GroupName),
    groups: allowed,
  };
  heard.push(utag_data);
};
const timer = setInterval(() => {
  if (!ready()) return;
  clearInterval(timer);
  read();
  window.addEventListener('OneTrustGroupsUpdated', read);
}, 50);
