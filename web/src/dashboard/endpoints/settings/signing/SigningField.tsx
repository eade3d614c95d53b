// How requests are signed: the schemes as choices with their fields.
import type { Signing } from '@posthorn/client';
import { useMemo } from 'react';
import { Checkbox } from '../../../../parts/Field.tsx';
import { AsJson } from '../AsJson.tsx';
import { useSettingsForm } from '../form.tsx';
import { CustomFields } from './CustomFields.tsx';
import { MessageSignatureFields } from './MessageSignatureFields.tsx';
import { customBegun, messageBegun, signingIn, signingText } from './signing-draft.ts';

export function SigningField() {
  const { draft, set } = useSettingsForm();
  const signing = useMemo(() => signingIn(draft.signing), [draft.signing]);
  return (
    <AsJson
      name="signing"
      label="Signature"
      what="the signature"
      rows={6}
      placeholder="Standard Webhooks"
      hint="Only for receivers that expect another scheme. Empty: Standard Webhooks v1."
    >
      {signing && <Schemes signing={signing} onChange={(next) => set('signing', signingText(next))} />}
    </AsJson>
  );
}

type Scheme = NonNullable<Signing['schemes']>[number];
const standard: [Scheme, string, string][] = [
  ['v1', 'Standard Webhooks v1', 'HMAC with the secret of the endpoint. Any library for Standard Webhooks verifies it.'],
  ['v1a', 'Standard Webhooks v1a', 'ed25519: receivers verify it with the public key of the tenant, without a shared secret.'],
];

function Schemes({ signing, onChange }: { signing: Signing; onChange: (signing: Signing) => void }) {
  const { schemes = [], custom, messageSignatures, ...others } = signing;
  const toggle = (scheme: Scheme) =>
    onChange({ ...signing, schemes: schemes.includes(scheme) ? schemes.filter((one) => one !== scheme) : [...schemes, scheme].sort() });
  return (
    <>
      {standard.map(([scheme, label, hint]) => (
        <Checkbox key={scheme} label={label} hint={hint} checked={schemes.includes(scheme)} onChange={() => toggle(scheme)} />
      ))}
      <Checkbox
        label="An HMAC signature that the receiver knows already"
        hint="Such as that of GitHub, Shopify or Stripe."
        checked={custom !== undefined}
        onChange={({ target }) =>
          onChange({ ...others, schemes, ...(messageSignatures && { messageSignatures }), ...(target.checked && { custom: customBegun }) })
        }
      />
      {custom && <CustomFields custom={custom} onChange={(next) => onChange({ ...signing, custom: next })} />}
      <Checkbox
        label="HTTP Message Signatures (RFC 9421)"
        hint="They cover method and URL as well."
        checked={messageSignatures !== undefined}
        onChange={({ target }) =>
          onChange({ ...others, schemes, ...(custom && { custom }), ...(target.checked && { messageSignatures: messageBegun }) })
        }
      />
      {messageSignatures && (
        <MessageSignatureFields message={messageSignatures} onChange={(next) => onChange({ ...signing, messageSignatures: next })} />
      )}
    </>
  );
}
