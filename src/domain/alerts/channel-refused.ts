// The other side refused a message of a channel, or cannot be reached. The text is shown on the channel.
export class ChannelRefused extends Error {
  override name = 'ChannelRefused';
  /** The field of the channel that is to blame, such as `settings.url`. */
  readonly field: string;

  constructor(field: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.field = field;
  }
}
