/**
 * All that is public of the banner: `window.fairgate`, its events, its attributes, its receipt.
 *
 * An element with `data-fairgate-open` opens the preferences; `data-fairgate-links` is the place of the statutory links. An
 * element with `data-consent="C0002 youtube"` waits until all that it names is granted. The gate's tag may carry `nonce`,
 * `crossorigin`, `data-language`, `data-base`, `data-dLayer-name`, `data-dLayer-ignore`, `data-ignore-html`.
 */

/** By category, purpose or service id. */
export type Flags = Record<string, boolean>;

export interface Choices {
  categories?: Flags;
  purposes?: Flags;
  services?: Flags;
}

/** What is in force. Until late.js is there, `at`, `id`, `visitor` and `objected` are missing. */
export interface Consent {
  answered: boolean;
  /** When the answer was given, ISO 8601; null without one. */
  at?: string | null;
  /** The consent record's id. */
  id?: string | null;
  /** The visitor's pseudonymous id; made only when a grant is stored. */
  visitor?: string | null;
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
  /** The receipt, or null when the server refused the answer or late.js is not there. */
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
