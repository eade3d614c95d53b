// Tells the relay of this process when deliveries that were passed to the relays here are due. Without it they would be
// attempted late: relays look every 10 s only.

export class PumpedDue {
  #listener: (deliveryId: string, inMs: number) => void = () => undefined;

  /** Where to pass on what `note` is given from now on. */
  tell(listener: (deliveryId: string, inMs: number) => void): void {
    this.#listener = listener;
  }

  note(deliveryId: string, inMs: number): void {
    this.#listener(deliveryId, inMs);
  }
}
