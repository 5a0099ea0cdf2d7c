/** Only in gates of sites at the strict level: the allow-list policy of the hosts that may answer now. */
__fg.strict = ({ table, friends, allowed, policy }) => {
  const known = Object.keys(table).filter((host) => host[1] && table[host].every((entry) => allowed(entry[2])));
  const hosts = [...new Set([...friends, ...known])].filter((host) => /^[\w.-]+$/.test(host)).flatMap((host) => [host, `*.${host}`]);
  // Inline code stays as free as the page made it; form-action stays open, people press those buttons.
  const list = ["'self'", "'unsafe-inline'", "'unsafe-eval'", 'data:', 'blob:', ...hosts].join(' ');
  document.write(policy.createHTML(`<meta http-equiv="Content-Security-Policy" content="default-src ${list}">`));
};
