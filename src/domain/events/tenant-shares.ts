// How much of the workflow budget each tenant drew lately, so that one tenant leaves half of it to the others.

const windowMs = 5_000;

interface Window {
  drawn: Map<string, number>;
  /** Tenants that asked, whether they drew or not. At most two are needed. */
  asked: Set<string>;
}

const emptyWindow = (): Window => ({ drawn: new Map(), asked: new Set() });

/**
 * A tenant may draw half of what the budget gives in 10 s, and more while no other tenant asks. Draws are counted in two
 * windows of 5 s, so they count for 5 to 10 s.
 *
 * @example
 * const shares = new TenantShares(24);
 * shares.mayDraw('a', 200, 0) // true: nobody else asked
 */
export class TenantShares {
  readonly #most: number;
  #now = emptyWindow();
  #before = emptyWindow();
  #since = 0;

  constructor(perSecond: number) {
    this.#most = (perSecond * 2 * windowMs) / 1_000 / 2;
  }

  /** Notes that the tenant asks. False: it has had its half, and another tenant asks too. */
  mayDraw(tenant: string, workflows: number, nowMs: number): boolean {
    this.#advance(nowMs);
    if (this.#now.asked.size < 2) this.#now.asked.add(tenant);
    const drawn = (this.#now.drawn.get(tenant) ?? 0) + (this.#before.drawn.get(tenant) ?? 0);
    return drawn + workflows <= this.#most || !this.#othersAsk(tenant);
  }

  draw(tenant: string, workflows: number): void {
    this.#now.drawn.set(tenant, (this.#now.drawn.get(tenant) ?? 0) + workflows);
  }

  #othersAsk(tenant: string): boolean {
    return [this.#now, this.#before].some(({ asked }) => asked.size > 1 || !(asked.has(tenant) || asked.size === 0));
  }

  /** If the clock is set back, the window begins again. */
  #advance(nowMs: number): void {
    const ms = nowMs - this.#since;
    if (ms >= 0 && ms < windowMs) return;
    this.#before = ms >= windowMs && ms < 2 * windowMs ? this.#now : emptyWindow();
    this.#now = emptyWindow();
    this.#since = nowMs;
  }
}
