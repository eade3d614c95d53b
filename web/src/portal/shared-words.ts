// Words that several pages use.
import { useMay } from '../api/use.ts';
import { useWords } from '../words/words.tsx';

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
  theSecret: 'den Signaturschlüssel',
  stored: 'Ich habe ihn gespeichert',
  verify: 'So prüfen Sie eine Signatur',
};

export const useSharedWords = (): typeof en => (useWords().locale === 'de' ? de : en);

/** Why this link may not do what needs the scope; undefined: it may. For `because` of a button. */
export function useForbidden(scope: string): string | undefined {
  const words = useSharedWords();
  return useMay(scope) ? undefined : words.needs(scope);
}
