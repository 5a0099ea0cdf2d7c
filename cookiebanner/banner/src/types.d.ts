/** Shapes that the files of the banner share. What is public is in ../fairgate.d.ts. */

import type { Choices as PublicChoices, Fairgate, Receipt } from '../fairgate.d.ts';
import type { Answer } from './core/cookie.js';

export type Vector = (boolean | undefined)[];
export type Choices = PublicChoices;
export type Kind = 'categories' | 'purposes' | 'services';

/** A category, purpose or service on offer; `sold` = sells, shares or targets. The flags are 0 when they are not set. */
export interface Item {
  kind: Kind;
  key: string;
  /** The category it belongs to. */
  group: Item | undefined;
  necessary: number;
  /** Does it run before an answer? undefined = not on offer. */
  before: boolean | undefined;
  container: number;
  sold: number;
  bit: number;
  adapter: string | undefined;
  rules: string | undefined;
  cookies: string[];
  inline: string[];
  /** Its number in stored answers, then those that it had in other categories. */
  slots: number[];
}

/** A variant's terms, as regimes.json has them; what compile.py left out is in ABSENT_TERMS. */
export interface Terms {
  regime: string;
  model: 'opt_in' | 'opt_out' | 'notice';
  banner: boolean | string;
  exempt: string[];
  links: string[];
  notices: string[];
  buttons: string[];
  gpc_status?: boolean;
  optout_icon?: boolean;
  close_x?: boolean;
  consent_days?: number;
  reask_days?: number;
  refusal_days?: number;
  ads_off_under?: number;
  minors_hold?: string;
}

type Row = any[];

/** A gate's config, as cookiebanner/releases/compile.py packs it. */
export interface Config {
  site: string;
  release: number;
  /** The beginning of the release's hash. */
  content: string;
  hosts: string[];
  cookie: string;
  /** With a test of two banners (arms.js): what makes a screen that of the drawn one, and the day it ends, since 1970. */
  arm?: (core: any, screen: any) => any;
  ends?: number;
  /** In regimes whose banner says more than the question (law.js). */
  law?: (ui: Ui, el: any, fill: any) => Law;
  /** Of a release that asks again after a material change (why.js): the places of what is asked again. */
  again?: number[];
  /** Of a site that moved: the other consent manager's names → our categories' keys, and where and how long it kept answers. */
  moved?: { names: [string, string][]; days?: number; key?: string };
  /** Places of items that the banner before ours did not ask about: a yes to that one does not cover them. */
  since?: number[];
  /** How many slots there were after each of the last releases → what tells this numbering from others. */
  steps: Record<string, string>;
  /** By item, in their order; absent: each is its own place. */
  slots?: (number | number[])[];
  terms: Terms;
  /** The site's part of the style sheet, behind ours: its layout, font, logo, and rules of its own. */
  css?: string;
  /** The same of the two banners of a test, where they differ. */
  styles?: string[];
  /** What the first layer needs in every language. */
  first: Screen;
  variant?: string;
  categories: Row[];
  purposes?: Row[];
  services: Row[];
  /** Language → hash of its file. */
  langs: Record<string, string>;
  late: string;
  made: string;
  /** `[key, property of navigator, its value, what it denies, what it denies by itself]`, as signals.json has them. */
  signals: [string, string, unknown, number, number?][];
  level?: string;
  child?: number;
  /** Where a site has members: what waits for one of them. */
  member?: number;
  re?: Row[];
  /** A draft, on the site itself, that a signed link shows: nothing is sent, nothing outlives the browser. */
  preview?: 1;
  hold?: 1;
  reload?: 1;
  path?: 1;
  home?: 1;
  button?: 1;
  advanced?: 1;
  google?: { signals: string[][]; regions: string };
  adapters?: Record<string, (core: Core, step: 'default' | 'update', has: (key?: string) => boolean) => object | undefined>;
  strict?: (host: Core) => void;
}

export interface Transport {
  /** This page's host is none of the site's: nothing is sent. */
  refused: boolean;
  flush(): Promise<void>;
  answer(record: object & { id: string }): Promise<Receipt | null>;
  count(kind: string): void;
  report(): void;
}

/** `fairgate._`: the inside of the gate. What is optional comes with a later file, or when it is known. */
export interface Core {
  cfg: Config;
  terms: Terms;
  items: Item[];
  services: Item[];
  tag: any;
  get(name: string): string | null | undefined;
  base: string;
  nonce: string;
  dropIn: string | boolean;
  child: number;
  optIn: boolean;
  reports: { kind: string; subject: string }[];
  above: any[];
  errors: { push(message: string): any };
  listeners: Record<string, ((detail: any) => void)[]>;
  made: Record<string, string>;
  unknownKeys: Set<unknown>;
  table: object;
  warn(what: string, error?: unknown): void;
  safely<T>(what: string, run: () => T): T | undefined;
  signal(answered?: boolean): number;
  read(): void;
  applyAnswer(): void;
  shape(convert?: (value: boolean | undefined) => any): Record<Kind, Record<string, any>>;
  signalVendors(step: 'default' | 'update'): void;
  putBeside(node: Node): void;
  late(run?: (core: Core) => any): Promise<any>;
  loadScreen(language?: string): Promise<void>;
  whenParsed(run: (event?: any) => void): void;
  allowed(index: number): unknown;
  granted(key?: string): boolean;
  unknown(key: unknown): any;
  disarmed(what: string, error: unknown): void;
  report(kind: string, subject: string): void;
  beginOnce(): void;
  /** The page says that it shows itself to a subscriber. */
  member?: unknown;
  isHeadless(): boolean;
  isBare(): boolean;
  makeUi(): Ui;
  loadRest(): Promise<any>;

  answer?: Answer;
  vector?: Vector;
  closed?: string;
  /** Signals of the browser that are on, by key. */
  signals?: Record<string, any>;
  signalled?: number;
  /** Where a signal wins over an answer: this service cannot be switched on. Comes with late.js. */
  isStopped?(key: string): boolean;
  ask?: boolean;
  lapsed?: boolean;
  lang?: string;
  level?: string;
  friends?: string[];
  policy?: any;
  engine?: any;
  vendorSignals?: Record<string, any>;
  started?: Promise<void>;
  startLate?: (api: Fairgate) => void;
  begin?: () => Promise<void>;
  place?: (element: Element, service: number | string | null) => void;
  releaseAllowed?: () => void;
  ui?: (create: (core: Core) => View, packed: Screen) => void;

  /** Where choices.js is, what it hands over, and what it made of who is signed in. Comes with late.js. */
  choicesFile?: string;
  makeOwn?: (core: Core, source: string | (() => string | Promise<string>)) => Own;
  own?: Own;
  ownStyle?: boolean;
  /** The preferences, as they were opened last. */
  dialog?: HTMLDialogElement;
  test?: boolean;
  stub?: boolean;
  openers?: string;
  /** The document and the open shadow roots in it. */
  roots?: () => (Document | ShadowRoot)[];
  /** Elements in all of them. */
  findDeep?: (selector: string) => any[];
  /** What a change of the page looks like: records, a toggle event, or nothing where only the focus moved. */
  onPageChange?: (listener: (changes: any[]) => void) => void;
  /** What has the focus, inside shadow roots too. */
  focused?: () => any;
  /** The style sheet of the banner, where the browser makes such. */
  sheet?: CSSStyleSheet;
  dress?: (home: Node) => void;
  /** One for all, and the last that is given a way back says where it leads. */
  keeper?: (root: HTMLElement, wayBack?: () => HTMLElement | false | null | undefined) => ReturnType<typeof import('./ui/root.js').keeper>;
  /** Our button's part of the style sheet, where it is not there yet, and the button. */
  buttonStyle?: (ui: Ui) => string;
  floatingButton?: (ui: Ui, open: () => void) => HTMLElement;
  firstScreen(): Screen;
  since?: number;
  asked?: boolean;
  /** Which banner of a test this view shows, where it is part of the test; and which it shows. */
  arm?: string;
  drawn?: string;
  /** What was pressed; the answer's own word is what it came to under the signals. */
  pressed?: string;
  swallows?: unknown;
  tabs?: BroadcastChannel;
  texts?: Screen;
  /** The texts that came with the gate: what its banner says, in one language. */
  first?: Screen;
  /** What the visitor sees of us, from the banner on. */
  uiParts?: Ui;
  /** Something is stored that only late.js can read. */
  unsure?: boolean;
  /** What was said to the consent manager that the site moved from. */
  saidElsewhere?(): { t?: number; given?: Record<string, boolean> };
  view?: View;
  emit?: (event: string, detail: object) => void;
  write?: (name: string, value: string, seconds: number | '') => void;
  save?: () => void;
  /** Deletes what denied services stored. */
  tidy?: () => void;
  /** The name of the page's data layer, where OneTrust's stub was told it. */
  layerName?: string;
  tellDataLayer?: (action?: string) => void;
  /** What the browser kept of answers when it was read last. */
  stored?: string;
  /** The answer in force is kept nowhere but in this page. */
  unkept?: boolean;
  decide?: (action: string, choices?: Choices, layer?: string) => Promise<Receipt | null>;
  reread?: () => void;
  reportSignal?: () => void;
  flush?: () => Promise<void>;
  show?: () => Promise<void>;
  loadUi?: (language?: string) => Promise<View>;
}

/** A language's screen as it is packed: consent/banners/screen.json says what its letters and rows mean. */
export type Screen = Record<string, any>;

export interface ScreenCategory {
  key: string;
  necessary?: number;
  name: string;
  text: string;
  services: ScreenService[];
  /** Its switch; false where it has none. */
  input?: any;
}

export interface ScreenService {
  key: string;
  name: string;
  company: string;
  policy: string;
  category: ScreenCategory;
  text: string;
  /** FACT_SELLS (shares and targets too) | FACT_SENSITIVE */
  legalFacts?: number;
  cookies: Row[];
  exempt: boolean;
  input?: HTMLInputElement;
}

export interface Lists {
  screen: Screen;
  lang: string;
  /** The texts, those of the regime included. */
  t: Record<string, string>;
  categories: ScreenCategory[];
  services: ScreenService[];
  purposes: ScreenCategory[];
}

/** What ui.js gives the gate. */
export interface View {
  /** Says an answer back. @param decide gives it, unless it was given */
  settle(decide?: () => void): void;
  showBanner(): void;
  hideBanner(): void;
  /** `fromButton`: the focus was in our button, and goes back there. */
  openPreferences(layer?: string, fromButton?: boolean): void;
  setLanguage(): void;
  placeholder(element: HTMLElement, service: number | string | null): HTMLElement | undefined;
  cookieList(): void;
}

/** What the files of ui/ share: first.js makes it, ui/index.js adds the rest. */
export interface Ui extends Partial<Lists> {
  core: Core;
  terms: Terms;
  css: string;
  placeholders: Record<string, string | number>;
  hasSignal?(): unknown;
  isStopped?(service: ScreenService): any;
  root: HTMLElement;
  /** What is painted in the colours of the look. */
  pieces?: Set<HTMLElement>;
  exempt?: { key: string; name: string }[];
  banner?: any;
  /** What had the focus before it came to the banner for the first time. */
  before?: any;
  read(screen: Screen): void;
  paint(node: HTMLElement): void;
  addStyle(more: string): void;
  textOf(key: string, values?: Record<string, string | number>): string;
  list(names: string[]): string;
  button(content: any, click: (event?: any) => any, props?: Record<string, any>): any;
  link(href: string, text: string, label?: string): any;
  policies(): any[];
  /** Opted out of sale and sharing: by the browser's signal, or by an answer that says so of every such service? */
  honored(): unknown;
  /** "Opt-Out Request Honored", 11 CCR 7025(c)(6). */
  status(): any;
  /** The statutory links; each leads to the preferences, where the control is the first thing focused. */
  links(): HTMLElement[];
  notices(): HTMLElement[];
  /** A cross that closes the banner. */
  closing(close: () => void): any;
  /** Accept and Reject of the banner, where it has both. */
  pair?: any;
  draw(): void;
  hideBanner(): void;
  open(layer?: string): any;
  answer(action: string, choices?: Choices, layer?: string): void;

  /** Our button, as long as ui.js did not take its place. */
  floating?: HTMLElement;
  liveRegion?: HTMLElement;
  consent?(): any;
  filter?: HTMLElement;
  inPage?: (node: HTMLElement) => HTMLElement;
  leavePage?: (node: HTMLElement) => void;
  mount?: () => void;
  keepEqual?: (pair?: HTMLElement[]) => void;
  optsOut?: () => boolean;
}

/** The choices beyond cookies of whoever is signed in (choices.js). */
export interface Own {
  handle: import('../fairgate.d.ts').SignedIn;
  /** Puts them into the open preferences. */
  draw(): void;
  end(): void;
}

/** What a banner says beside the question; src/law.js. */
export type Law = Pick<Ui, 'honored' | 'status' | 'links' | 'notices' | 'closing'>;

/** The members that late.js puts in the place of those that load it. */
export type LateApi = Pick<
  Fairgate,
  'accept' | 'reject' | 'withdraw' | 'optOut' | 'set' | 'setAge' | 'show' | 'open' | 'content' | 'on' | 'signIn'
>;

declare module '../fairgate.d.ts' {
  interface Events {
    /** Not public: before the tags of an answer run. */
    write: { action: string; layer?: string };
    refused: object;
    queued: object;
  }
  interface Fairgate {
    /** Not public: for our own files. */
    _?: Core;
  }
}

declare global {
  var fairgate: Fairgate;
  /** compile.py wraps the gate in a function of its config. */
  var __fg: Config;
  /** What the server says to preview.js: its texts, what begins it, what it keeps. */
  var __preview: { said: string; end: string; path: string; keep: string[] };
  interface Navigator {
    globalPrivacyControl?: boolean;
  }
  interface Document {
    prerendering?: boolean;
  }
  /** Other parties' names, of which we know what we use. */
  interface Window {
    trustedTypes?: any;
    fgUpper?: () => any;
    /** From the first half of a gate to the second. */
    __fgEngine?: any;
    clarity?: any;
    gtag?: any;
    fbq?: any;
    _fbq?: any;
    uetq?: any;
    _gaq?: any;
    ga?: any;
    OneTrust?: any;
    Optanon?: any;
    OneTrustStub?: any;
    OptanonWrapper?: any;
    OTExternalConsent?: any;
    OnetrustActiveGroups?: string;
    OptanonActiveGroups?: string;
    otStubData?: any;
  }
}
