// Where requests go, and how they log in there.
import type { Endpoint } from '@posthorn/client';
import { Time } from '../../../parts/Time.tsx';
import { Area, Check, Choice, Text, useSettingsForm } from './form.tsx';
import { Group, Setting } from './Setting.tsx';

const methods = { '': 'Nothing', bearer: 'A bearer token', basic: 'User name and password', oauth2: 'OAuth 2.0 client credentials' };
const verifications = {
  none: 'Not at all',
  echo: 'It must return a nonce (POST)',
  cloudevents: 'It must allow this server (OPTIONS, CloudEvents)',
};
const credentialsIn = { '': 'The header, as usual', header: 'The header', body: 'The body' };

export function Destination({ endpoint }: { endpoint: Endpoint }) {
  return (
    <Group
      title="Destination"
      about="Where requests go. Credentials belong to the origin for which they were given: for another one, give them again."
    >
      <Setting of="url">
        <Text name="url" of="url" label="URL" />
      </Setting>
      <Setting of="description">
        <Text name="description" of="description" label="Description" />
      </Setting>
      <Setting of="headers">
        <Area
          name="headers"
          of="headers"
          label="Headers"
          hint="One “name: value” in each line. Stored values are shown as ***; leave that to keep them."
        />
      </Setting>
      <Auth />
      <Tls endpoint={endpoint} />
      <Setting of="verification">
        <Choice
          name="verification"
          of="verification"
          label="Verification of the endpoint"
          options={verifications}
          hint="How it confirms that it wants events, before its first delivery and after a change of its URL."
        />
      </Setting>
    </Group>
  );
}

function Auth() {
  const { authType } = useSettingsForm().draft;
  return (
    <Setting of="auth">
      <Choice
        name="authType"
        of="auth"
        label="Authentication"
        options={methods}
        hint="Stored secrets are shown as ***; leave that to keep them."
      />
      {authType === 'bearer' && <Text name="authToken" label="Token" />}
      {authType === 'basic' && (
        <>
          <Text name="authUsername" label="User name" />
          <Text name="authPassword" label="Password" />
        </>
      )}
      {authType === 'oauth2' && (
        <>
          <Text name="authTokenUrl" label="Token URL" />
          <Text name="authClientId" label="Client id" />
          <Text name="authClientSecret" label="Client secret" />
          <Text name="authScope" label="Scope" placeholder="none" />
          <Text name="authAudience" label="Audience" placeholder="none" />
          <Choice name="authIn" label="The token request has the credentials in" options={credentialsIn} />
        </>
      )}
    </Setting>
  );
}

function Tls({ endpoint: { tls } }: { endpoint: Endpoint }) {
  const { tlsRemove } = useSettingsForm().draft;
  return (
    <Setting of="tls">
      <details className="settings-more">
        <summary>Client certificate (mutual TLS){tls && ': set'}</summary>
        {tls && <Certificate tls={tls} />}
        {tls && <Check name="tlsRemove" label="Remove the TLS settings" />}
        {tlsRemove !== 'yes' && (
          <>
            <Area
              name="tlsCertificate"
              of="tls"
              label="New certificate"
              placeholder="-----BEGIN CERTIFICATE-----"
              hint="PEM, with those between it and its root."
            />
            <Area
              name="tlsKey"
              label="Its key"
              placeholder="-----BEGIN PRIVATE KEY-----"
              hint="PEM, without a passphrase. It is never shown again."
            />
            <Area
              name="tlsCa"
              label="Authorities"
              hint="PEM. Only needed if the certificate of the endpoint is signed by an authority of its own."
            />
          </>
        )}
      </details>
    </Setting>
  );
}

function Certificate({ tls: { subject, expiresAt } }: { tls: NonNullable<Endpoint['tls']> }) {
  if (subject === null) return <p>Own authorities alone.</p>;
  return (
    <p>
      {subject}
      {expiresAt && (
        <>
          , expires <Time at={expiresAt} />
        </>
      )}
    </p>
  );
}
