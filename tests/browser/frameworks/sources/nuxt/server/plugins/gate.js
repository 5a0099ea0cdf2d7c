/** Nuxt's own hook for what goes first in `<head>`. */
export default defineNitroPlugin((nitro) => {
  nitro.hooks.hook('render:html', (html) => {
    html.head.unshift('<!--gate-->');
  });
});
