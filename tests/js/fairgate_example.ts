/** How a page's own TypeScript uses the banner; `npm run types` holds it against fairgate.d.ts. */

import type { Consent, Receipt } from '../../cookiebanner/banner/fairgate.d.ts';

const banner = window.fairgate;

/** What a page may do, and gets. */
export async function uses(): Promise<string> {
  const consent: Consent | undefined = banner?.consent();
  const mayRun: boolean | undefined = banner?.allowed('youtube');
  const end: (() => void) | undefined = banner?.on('change', ({ categories, action }) => console.info(categories.C0002, action));
  banner?.on('stored', ({ id, index, receipt }) => console.info(id, index + 1, receipt));
  banner?.on('shown', ({ kind }) => console.info(kind));
  window.addEventListener('fairgate:optout', (event) => console.info(event.detail.objected));
  const receipt: Receipt | null | undefined = await banner?.set({ categories: { C0002: true }, services: { youtube: false } });
  banner?.setAge(15);
  await banner?.open('links');
  end?.();
  const { gpc } = (await banner?.ready) ?? { gpc: false };
  return `${consent?.at} ${mayRun} ${receipt?.received_at} ${gpc}`;
}

/** What it may not. */
export function misuses() {
  // @ts-expect-error it may be missing: blocked, server down, switched off
  window.fairgate.show();
  // @ts-expect-error no such event
  banner?.on('changed', () => {});
  // @ts-expect-error a choice is a boolean
  banner?.set({ categories: { C0002: 'granted' } });
  // @ts-expect-error no such kind
  banner?.set({ cookies: { _ga: true } });
  // @ts-expect-error an age is a number
  banner?.setAge('15');
  // @ts-expect-error it is not a page's to change
  if (banner) banner.language = 'de';
  // @ts-expect-error `index` is a number
  banner?.on('stored', ({ index }) => index.trim());
  // @ts-expect-error an answer can be refused
  banner?.accept().then((receipt) => receipt.id);
}
