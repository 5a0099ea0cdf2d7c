/** Only in gates of sites at the strict level: the hosts that the allow-list policy names. */
__fg.strict = (friends, allowed) => ({
  allow: [...friends, ...Object.keys(__fg.table).filter((host) => host[1] && __fg.table[host].every((entry) => allowed(entry[2])))],
});
