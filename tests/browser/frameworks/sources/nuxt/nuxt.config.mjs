export default {
  compatibilityDate: '2026-11-01',
  telemetry: false,
  devtools: { enabled: false },
  buildId: 'page',
  experimental: { appManifest: false, payloadExtraction: false },
  app: {
    baseURL: '/nuxt/',
    head: {
      htmlAttrs: { lang: 'en' },
      link: [{ rel: 'icon', href: 'data:,' }],
      style: [{ innerHTML: process.env.KIT_STYLE }],
      script: [{ innerHTML: process.env.KIT_LISTEN }],
    },
  },
  nitro: { prerender: { routes: ['/', '/two'], crawlLinks: false } },
};
