// Encrypts the settings of alert channels at rest: one encrypted JSON document each, bound to the channel's id.
import type { ChannelSettings } from '#domain/alerts/channel-settings';
import type { Vault } from './vault.ts';

export function sealChannelSettings(vault: Pick<Vault, 'seal'>, channelId: string, settings: ChannelSettings): Uint8Array {
  return vault.seal(Buffer.from(JSON.stringify(settings)), channelId);
}

/** Throws VaultError. */
export function openChannelSettings(vault: Pick<Vault, 'open'>, channelId: string, sealed: Uint8Array): ChannelSettings {
  return JSON.parse(Buffer.from(vault.open(sealed, channelId)).toString());
}
