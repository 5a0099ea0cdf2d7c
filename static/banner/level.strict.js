(()=>{__fg.strict=(_,l)=>({allow:[..._,...Object.keys(__fg.table).filter(e=>e[1]&&__fg.table[e].every(t=>l(t[2])))]});})();
