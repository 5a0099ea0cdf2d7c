(()=>{__fg.adapters.uet=({items:t},d,n)=>{let e={ad_storage:t.some(({adapter:s,key:a})=>s==="uet"&&n(a))?"granted":"denied"};return(window.uetq||(window.uetq=[])).push("consent",d,e),e};})();
