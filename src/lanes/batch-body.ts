// The body of a batch: an array of the events' own bodies, each with the producer's id of its event in front - and its number, where the endpoint is ordered.
// The bytes between are the events' own, untouched.

export interface BatchElement {
  /** The producer's. */
  id: string;
  sequence: number | null;
  /** A JSON object that is not empty. */
  body: Uint8Array;
}

export function batchBody(elements: BatchElement[]): Buffer {
  const parts = elements.flatMap(({ id, sequence, body }, index) => [
    Buffer.from(`${index === 0 ? '[' : ','}{"id":${JSON.stringify(id)},${sequence === null ? '' : `"sequence":${sequence},`}`),
    // after its opening brace
    body.subarray(1),
  ]);
  return Buffer.concat([...parts, Buffer.from(']')]);
}
