// Shows the portal in an iframe: loads it, gives it new tokens before its link ends, and makes the frame as high as its
// content. Without React; the component uses it.
import { type FrameMessage, type HostMessage, type Look, readFrameMessage, readPortalUrl } from './protocol.ts';

export type { Look } from './protocol.ts';

export interface PortalOptions extends Look {
  /**
   * Resolves to the `url` of a new portal link. Your server makes it (`POST /v1/portal-links`) with the origin of your page among its
   * `origins`. Called at the start, and again each time the link is about to end.
   */
  getUrl(): Promise<string>;
  /** CSS pixels; 400 by default. */
  minHeight?: number;
  /** CSS pixels; 1,200 by default. What is higher scrolls within the frame. */
  maxHeight?: number;
  /** The portal is there. */
  onReady?(): void;
  /** No link could be had, or the portal did not load. */
  onError?(error: Error): void;
}

export interface ConnectedPortal {
  /** Changes how it looks. */
  look(look: Look): void;
  /** Ends the connection. The frame stays as it is. */
  disconnect(): void;
}

const loadsWithinMs = 20_000;
const retryAfterMs = 5_000;

export function connectPortal(frame: HTMLIFrameElement, options: PortalOptions): ConnectedPortal {
  return new Connection(frame, options);
}

class Connection implements ConnectedPortal {
  readonly #frame: HTMLIFrameElement;
  readonly #options: PortalOptions;
  readonly #ended = new AbortController();
  #look: Look;
  /** Of the portal. Messages of other origins are ignored; null: it is not known yet. */
  #origin: string | null = null;
  #isAsking = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(frame: HTMLIFrameElement, options: PortalOptions) {
    this.#frame = frame;
    this.#options = options;
    const { mode, language } = options;
    this.#look = { ...(mode && { mode }), ...(language && { language }) };
    const { signal } = this.#ended;
    window.addEventListener('message', (event) => this.#receive(event), { signal });
    frame.addEventListener('load', () => this.#send({ posthorn: 'hello', ...this.#look }), { signal });
    frame.style.height = `${options.minHeight ?? 400}px`;
    void this.#start();
  }

  look(look: Look): void {
    this.#look = { ...this.#look, ...look };
    this.#send({ posthorn: 'look', ...this.#look });
  }

  disconnect(): void {
    this.#ended.abort();
    clearTimeout(this.#timer);
  }

  async #start(): Promise<void> {
    const link = await this.#newLink();
    if (!link) {
      this.#timer = setTimeout(() => void this.#start(), retryAfterMs);
      if (this.#ended.signal.aborted) clearTimeout(this.#timer);
      return;
    }
    this.#origin = link.origin;
    this.#frame.src = link.url;
    this.#timer = setTimeout(() => {
      const own = window.location.origin;
      this.#fail(new Error(`The portal did not load. Is ${own} among the origins of the portal link, and is ${link.origin} reachable?`));
    }, loadsWithinMs);
  }

  #receive(event: MessageEvent<unknown>): void {
    if (this.#origin === null || event.origin !== this.#origin || event.source !== this.#frame.contentWindow) return;
    const message = readFrameMessage(event.data);
    if (message) this.#obey(message);
  }

  #obey(message: FrameMessage): void {
    if (message.posthorn === 'height') {
      const { minHeight = 400, maxHeight = 1_200 } = this.#options;
      this.#frame.style.height = `${Math.ceil(Math.min(Math.max(message.height, minHeight), Math.max(minHeight, maxHeight)))}px`;
    } else if (message.posthorn === 'ready') {
      clearTimeout(this.#timer);
      this.#options.onReady?.();
    } else void this.#renew();
  }

  async #renew(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const link = await this.#newLink();
    this.#isAsking = false;
    if (link && link.origin === this.#origin) this.#send({ posthorn: 'token', token: link.token });
    else this.#send({ posthorn: 'no-token' });
  }

  async #newLink(): Promise<ReturnType<typeof readPortalUrl> | null> {
    try {
      const link = readPortalUrl(await this.#options.getUrl());
      return this.#ended.signal.aborted ? null : link;
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      return null;
    }
  }

  #fail(error: Error): void {
    if (!this.#ended.signal.aborted) this.#options.onError?.(error);
  }

  #send(message: HostMessage): void {
    if (this.#origin !== null) this.#frame.contentWindow?.postMessage(message, this.#origin);
  }
}
