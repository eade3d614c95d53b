/** An event cannot be shaped for its endpoint. It will fail again in the same way. */
export class ShapingError extends Error {
  override name = 'ShapingError';
}
