/** What a variant's term means that compile.py left out, each by its own name. The gate itself reads none of these. */
export const ABSENT = {
  exempt: [],
  gpc: 'honoured',
  links: [],
  notices: [],
  buttons: ['accept', 'reject', 'manage'],
  gpc_status: false,
  optout_icon: false,
  close_x: false,
  minors_hold: 'ads',
};
