/**
 * All that is public of the banner: `window.fairgate`, its events, its attributes, its receipt.
 *
 * An element with `data-fairgate-open` opens the preferences; `data-fairgate-links` is the place of the statutory links. An
 * element with `data-consent="C0002 youtube"` waits until all that it names is granted. The gate's tag may carry `nonce`,
 * `crossorigin`, `data-language`, `data-base`, `data-dLayer-name`, `data-dLayer-ignore`, `data-ignore-html`,
 * `data-headless` (the page draws all of it itself: docs/headless.md), `data-member` (docs/membership.md).
 */

/** By category, purpose or service id. */
export type Flags = Record<string, boolean>;

export interface Choices {
  categories?: Flags;
  purposes?: Flags;
  services?: Flags;
}

/** What is in force. Until late.js is there, `at`, `id`, `visitor`, `objected` and `member` are missing. */
export interface Consent {
  answered: boolean;
  /** When the answer was given, ISO 8601; null without one. */
  at?: string | null;
  /** The consent record's id. */
  id?: string | null;
  /** The visitor's pseudonymous id; made only when a grant is stored. */
  visitor?: string | null;
  /** The page was shown to a subscriber (`data-member`): nothing is asked, and all that is optional waits. */
  member?: boolean;
  /** The browser sends Global Privacy Control. */
  gpc: boolean;
  objected?: boolean;
  categories: Flags;
  purposes: Flags;
  services: Flags;
}

export type Action = 'accept_all' | 'reject_all' | 'custom' | 'close' | 'withdraw' | 'opt_out';
export type Layer = 'banner' | 'preferences' | 'api';

/** `sync`: another tab, an earlier answer, or an age changed what is in force. */
export interface Change extends Consent {
  action: Action | 'sync';
  layer?: Layer;
}

/** The server's acknowledgement of an answer. */
export interface Receipt {
  /** The consent record. */
  id: string;
  /** Its leaf in the site's ledger. */
  index: number;
  /** ISO 8601. */
  received_at: string;
  /** Where its proof is, relative to the server. */
  receipt: string;
}

export interface Events {
  ready: Consent;
  change: Change;
  shown: { kind: 'banner' | 'preferences' };
  stored: Receipt;
  optout: Consent;
  /** Headless: the page is to show its banner or its preferences. Who listens late hears of a banner that waits. */
  show: { kind: 'banner' | 'preferences'; layer?: string };
  /** Headless: a frame or an embed waits for `service` (null: it is back). `load()` lets this one go, once. */
  held: { element: Element; service: string | null; load(): void };
}

export interface ContentService {
  key: string;
  name: string;
  company: string;
  /** The address of its privacy policy, or "". */
  policy: string;
  description: string;
  /** The key of its category. */
  category: string;
  necessary: boolean;
  /** Sells, shares or targets. */
  sells: boolean;
  sensitive: boolean;
  /** `lifetime` in words. */
  cookies: { name: string; lifetime: string; purpose: string }[];
}

export interface ContentCategory {
  key: string;
  name: string;
  description: string;
  /** Has no switch. */
  necessary: boolean;
  services: ContentService[];
}

/** What is on offer, in the words of one language. */
export interface Content {
  language: string;
  /** All that the release has. */
  languages: string[];
  direction: 'ltr' | 'rtl';
  /** Addresses, or "". */
  policy: string;
  imprint: string;
  /** Does the law of the visitor's place want a banner? */
  asks: boolean;
  /** Those that its first layer must have, alike: accept, reject, manage, close. */
  buttons: string[];
  /** Statutory links that the page must show; their texts are in `texts`. */
  links: string[];
  /** title, body, accept, reject, manage, save …; what is left in braces, such as `{service}`, is the page's to fill. */
  texts: Record<string, string>;
  categories: ContentCategory[];
  purposes: { key: string; name: string; description: string }[];
  /** What the banner keeps itself is among them, as necessary. */
  services: ContentService[];
}

/** A topic beyond cookies, as it stands for the visitor whom the site has signed in. */
export interface OwnTopic {
  key: string;
  /** email, sms, phone, post, push, contacts, location, storage, profiling, sharing, cpni, parental, parent_share, other. */
  kind: string;
  channel: string;
  /** Before anything was said: only after a yes, or until a no. */
  basis: 'opt_in' | 'opt_out';
  name: string;
  text: string;
  /** That of `name` and `text`; `remark` says so where it is not the one that was asked for. */
  language: string;
  remark: string;
  /** The version of these words. */
  wording: number;
  value: 'yes' | 'no' | '';
  /** May the site? `because` is a stable word (docs/choices.md). */
  standing: 'granted' | 'denied' | 'waiting';
  because: string;
  counts_from: string | null;
  /** When the visitor said it, ISO 8601; `since` in words. */
  acted_at: string | null;
  since: string;
  /** How a yes is given: here, by a mail with a link, by a parent in another way, or elsewhere. A no is given here. */
  way: 'here' | 'mail' | 'parent' | 'elsewhere';
  /** A mail has been sent and waits to be confirmed. */
  waits: boolean;
  /** Where the proof is, relative to the server, or ""; `receipt_text` is for its link. */
  receipt: string;
  receipt_text: string;
}

export interface OwnChoices {
  language: string;
  direction: 'ltr' | 'rtl';
  /** title, intro, yes, no, all_no, saved, not_yet, parent, failed, mailed, elsewhere. */
  texts: Record<string, string>;
  topics: OwnTopic[];
  /** What became of what was chosen, in its order; `why` of what was refused. */
  taken: {
    topic: string;
    status: 'created' | 'older' | 'replayed' | 'unchanged' | 'mailed' | 'conflict' | 'erased' | 'suppressed' | 'refused';
    why: string;
    receipt: string;
  }[];
}

export interface SignedIn {
  /** How all topics stand now; null when the token is refused, or the server is away: the console says why. */
  choices(): Promise<OwnChoices | null>;
  /** A yes or a no, by topic; each is one act of the visitor's, now. Null when nothing is known of what is named. */
  choose(values: Flags): Promise<OwnChoices | null>;
}

export interface Fairgate {
  readonly version: string;
  /** The site's id, a UUID. */
  readonly site: string;
  readonly release: number;
  readonly regime: string;
  readonly language: string;
  /** What was in force when the gate ran. */
  readonly ready: Promise<Consent>;
  consent(): Consent;
  /** May what is called so run now, all of it? Without a key: is any optional category granted? */
  allowed(key?: string): boolean;
  /** @returns a function that ends it */
  on<Name extends keyof Events>(event: Name, listener: (detail: Events[Name]) => void): () => void;
  /**
   * The receipt; or null: the server refused the answer, this host is none of the site's, late.js is not there, or the answer
   * says nothing new and none was given on this page before.
   */
  accept(): Promise<Receipt | null>;
  reject(): Promise<Receipt | null>;
  withdraw(): Promise<Receipt | null>;
  /** An objection to what is named; without names to all that sells, shares or targets. */
  optOut(choices?: Choices): Promise<Receipt | null>;
  /** Also null when nothing in `choices` is known. */
  set(choices: Choices): Promise<Receipt | null>;
  /** How old the visitor is, in years; to be said on every page. What is no number may be a child's. */
  setAge(years: number): void;
  /** The preferences. */
  open(layer?: string): Promise<void>;
  /** The banner. */
  show(): Promise<void>;
  /**
   * What is on offer, in this language or in that in force; null when its file does not come. Headless, it is the language of
   * records from then on.
   */
  content(language?: string): Promise<Content | null>;
  /**
   * Somebody is signed in on the site: its preferences show their choices beyond cookies, too (docs/choices.md).
   *
   * @param source a subject token of the site's back end, or what fetches one whenever the last has run out; null: nobody
   * @returns the same for a page that draws it itself; null for nobody, or when choices.js is not there
   */
  signIn(source: string | (() => string | Promise<string>) | null): Promise<SignedIn | null>;
}

declare global {
  interface Window {
    /** Missing where the gate is: blocked, server down, switched off. */
    fairgate?: Fairgate;
  }
  interface WindowEventMap {
    'fairgate:ready': CustomEvent<Consent>;
    'fairgate:change': CustomEvent<Change>;
    'fairgate:stored': CustomEvent<Receipt>;
    'fairgate:optout': CustomEvent<Consent>;
  }
}
