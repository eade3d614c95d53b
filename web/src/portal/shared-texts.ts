// Words that several pages use, in both languages.

export const en = {
  needs: (scope: string) => `this link does not have the right ${scope}`,
  secret: 'Signing secret',
  once: 'Copy it now and give it to your server: it is shown only this once. With it your server can tell real requests from forged ones.',
  theSecret: 'the signing secret',
  stored: 'I have stored it',
  verify: 'How to verify a signature',
};

export const de: typeof en = {
  needs: (scope) => `dieser Link hat das Recht ${scope} nicht`,
  secret: 'Signaturschlüssel',
  once: 'Kopieren Sie ihn jetzt und geben Sie ihn Ihrem Server: Er wird nur dieses eine Mal gezeigt. Mit ihm unterscheidet Ihr Server echte Anfragen von gefälschten.',
  theSecret: 'Den Signaturschlüssel',
  stored: 'Ich habe ihn gespeichert',
  verify: 'So prüfen Sie eine Signatur',
};
