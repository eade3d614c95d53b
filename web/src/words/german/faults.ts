// What is wrong with a field, in German, as the end of a sentence that begins with the field. English: the message of the API.
import type { FieldError, FieldErrorCode } from '@posthorn/client';

type Fact = (name: string) => string;

const placeOfRoots = 'ein Pfad ist `type` oder `data` oder beginnt mit `data.`';
const dots = 'Zwischen Schlüsseln steht ein Punkt; ein Punkt in einem Schlüssel wird \\. geschrieben.';
const notPublic = 'ist keine Adresse im öffentlichen Internet; nur der Betreiber kann sie erlauben';

const texts: Record<FieldErrorCode, (fact: Fact) => string> = {
  missing: () => 'fehlt',
  unknown_field: () => 'ist hier nicht bekannt',
  unknown_field_of: (fact) => `gibt es bei ${fact('kind')} nicht`,
  duplicate_key: () => 'steht doppelt da',
  wrong_type: (fact) => `muss ${types[fact('expected')] ?? fact('expected')} sein`,
  empty: () => 'darf nicht leer sein',
  too_short: (fact) => `muss mindestens ${fact('least')} Zeichen haben`,
  too_long: (fact) => `darf höchstens ${fact('most')} Zeichen haben`,
  too_few: (fact) => `muss mindestens ${fact('least')} ${fact('least') === '1' ? 'Eintrag' : 'Einträge'} haben`,
  too_many: (fact) => `darf höchstens ${fact('most')} Einträge haben`,
  too_small: (fact) => `muss mindestens ${fact('least')} sein`,
  too_large: (fact) => `darf höchstens ${fact('most')} sein`,
  too_deep: (fact) => `darf höchstens ${fact('most')} Ebenen tief sein`,
  too_many_headers: (fact) => `darf höchstens ${fact('most')} Header haben`,
  too_many_pairs: (fact) => `darf höchstens ${fact('most')} Paare haben`,
  not_one_of: (fact) => `muss eines davon sein: ${fact('values')}`,
  not_email: () => 'muss eine E-Mail-Adresse sein',
  not_a_time: () => 'muss eine Zeit sein, etwa 2026-03-02T09:15:00Z',
  not_storable: () => 'enthält Zeichen, die sich nicht speichern lassen',
  not_ascii_line: () => 'darf nur Buchstaben ohne Umlaute, Ziffern, übliche Zeichen und Leerzeichen enthalten (ASCII)',
  not_ascii_word: () => 'darf nur Buchstaben ohne Umlaute, Ziffern und übliche Zeichen enthalten (ASCII), keine Leerzeichen',
  control_characters: () => 'darf keine Leerzeichen oder Steuerzeichen enthalten',
  masked: () => 'ist nur der Platzhalter ***; geben Sie den Wert selbst ein',

  event_type: () => 'muss aus Wörtern mit A-Z a-z 0-9 _ - bestehen, durch Punkte verbunden, etwa order.created',
  event_type_pattern: () => 'muss ein Ereignistyp sein, ein Anfang wie order.* oder *',

  header_name: (fact) => `muss der Name eines HTTP-Headers mit höchstens ${fact('most')} Zeichen sein`,
  header_reserved: () => 'ist vergeben: Posthorn setzt ihn, oder er gehört zur Verbindung',
  header_duplicate: () => 'steht doppelt da; Groß- und Kleinschreibung zählt bei Namen nicht',
  header_and_auth: () => 'verträgt sich nicht mit den Zugangsdaten des Endpunkts; geben Sie nur eines von beiden an',

  url_form: () => 'muss eine vollständige URL mit https:// sein, ohne Leerzeichen, Steuerzeichen und \\',
  url_credentials: () => 'darf keine Zugangsdaten enthalten (name:passwort@)',
  url_fragment: () => 'darf kein # enthalten',
  url_port: () => 'darf nicht den Port 0 nennen',
  url_label: () => 'hat einen Hostnamen mit einem leeren Teil oder einem Punkt am Ende',
  url_this_machine: (fact) => `ist nicht erlaubt: ${fact('host')} ist der Server von Posthorn selbst`,
  url_not_https: () => 'muss mit https:// beginnen',
  url_own: () => 'ist eine Adresse von Posthorn selbst; erlaubt sind dort nur Pfade unter /sandbox/ ohne Prozentzeichen',
  url_not_exact: (fact) => `würde als ${fact('url')} aufgerufen; geben Sie sie so ein`,
  url_special_address: (fact) => `ist nicht erlaubt: ${fact('address')} ${notPublic}`,
  url_metadata_service: (fact) => `ist nicht erlaubt: ${fact('address')} ${notPublic}`,
  url_http_address: () => 'muss mit https:// beginnen',
  url_other_origin: (fact) =>
    `führt zu einem anderen Server, und gespeicherte Zugangsdaten gehen nur an den, für den sie eingegeben wurden; geben Sie ${fact('fields')} neu ein`,
  url_routing_key: () =>
    'führt zu einem anderen Server, und der gespeicherte Schlüssel geht nur an den, für den er eingegeben wurde; fügen Sie einen neuen Endpunkt hinzu',

  duration: () => 'muss eine ganze Zahl mit Einheit sein, etwa 30s, 5m oder 2h',
  duration_or_0: () => 'muss eine ganze Zahl mit Einheit sein, etwa 30s, 5m oder 2h, oder 0',
  duration_too_long: (fact) => `darf höchstens ${fact('most')} sein`,
  time_of_day: () => 'muss eine Uhrzeit sein, etwa 08:00',
  no_digest: () => 'gibt es bei PagerDuty nicht',
  no_mail_server: () => 'E-Mail ist hier nicht eingerichtet; bitten Sie den Betreiber darum, oder wählen Sie einen anderen Weg',

  label_braces: () => 'darf keine geschweiften Klammern haben; Platzhalter gehören in den Wert',
  link_start: () => 'muss mit https:// oder http:// und einem Hostnamen beginnen, nicht mit einem Platzhalter',
  placeholder: (fact) => `hat den Platzhalter ${fact('placeholder')}, dessen Pfad nicht stimmt: Er ${whyOf(fact)}`,
  placeholder_braces: () => 'hat geschweifte Klammern, die kein Platzhalter wie {{data.orderId}} sind',
  path_root: (fact) => `muss mit einem davon beginnen: ${fact('roots')}`,
  path_backslash: () => 'hat ein \\, dem weder ein Punkt noch ein \\ folgt',
  path_empty_key: () => `hat einen leeren Teil. ${dots}`,
  path_too_deep: (fact) => `darf höchstens ${fact('most')} Schlüssel haben`,

  filter_size: (fact) => `darf als JSON höchstens ${fact('most')} Zeichen haben; es sind ${fact('size')}`,
  filter_conditions: (fact) => `darf höchstens ${fact('most')} Bedingungen haben; es sind ${fact('count')}`,
  filter_stars: (fact) => `darf höchstens ${fact('most')} Pfade mit * haben; es sind ${fact('count')}`,
  filter_depth: (fact) => `darf höchstens ${fact('most')} Ebenen tief sein`,
  filter_object: () => 'muss ein Objekt sein, etwa {"data.amount": {"$gte": 100}}',
  filter_value: (fact) => `muss ein Text, eine Zahl, true, false, null oder ein Objekt mit einem Vergleich sein: ${operatorsOf(fact)}`,
  filter_empty: () => 'muss mindestens eine Bedingung haben',
  filter_list: () => 'muss eine Liste mit mindestens einer Bedingung sein',
  filter_operator: (fact) => `ist kein bekannter Vergleich; es gibt ${operatorsOf(fact)}`,
  filter_operator_place: (fact) =>
    `muss unter einem Pfad stehen, etwa {"data.amount": {"${fact('operator')}": …}}; hier dürfen nur $and, $or und $not stehen`,
  filter_path_root: () => `ist kein Feld eines Ereignisses: ${placeOfRoots}`,
  filter_path_type: () => 'darf nicht in `type` hineinführen, das ein Text ist',
  filter_path_parts: (fact) => `darf höchstens ${fact('most')} Teile haben`,
  filter_path_stars: (fact) => `darf höchstens ${fact('most')} Teile * haben`,
  filter_path_empty: () => `hat einen leeren Teil. ${dots}`,
  filter_path_backslash: () => 'hat ein \\, dem weder ein Punkt noch ein Stern noch ein \\ folgt',
  operand_list: (fact) => `muss eine Liste mit 1 bis ${fact('most')} Texten, Zahlen, true, false oder null sein`,
  operand_ordered: () => 'muss eine Zahl oder ein Text sein',
  operand_boolean: () => 'muss true oder false sein',
  operand_text: () => 'muss ein Text sein, der nicht leer ist',
  operand_searched: (fact) => `muss ein Text mit 1 bis ${fact('most')} Zeichen, eine Zahl, true, false oder null sein`,
  operand_scalar: () =>
    'muss ein Text, eine Zahl, true, false oder null sein; die Teile einer Liste oder eines Objekts vergleicht man über ihre Pfade',
  filter_never: (fact) => `kann nie zutreffen: Das Schema von ${schemaOf(fact)} lässt keinen passenden Wert zu. Ändern Sie die Bedingung.`,
  filter_never_types: (fact) =>
    `passen nicht zum Filter: Die Bedingung ${fact('path')} kann bei ${schemaOf(fact)} nie zutreffen. Ändern Sie die Bedingung oder die Auswahl.`,
};

const types: Partial<Record<string, string>> = {
  string: 'ein Text',
  number: 'eine Zahl',
  int: 'eine ganze Zahl',
  boolean: 'true oder false',
  array: 'eine Liste',
  object: 'ein Objekt',
  record: 'ein Objekt',
};

const operatorsOf = (fact: Fact) => fact('operators').replace('one of ', '').replace(' or ', ' und ');
const schemaOf = (fact: Fact) => fact('schema').replace('(version ', '(Version ');

/** Of a part of the field: a fault of its own. */
function whyOf(fact: Fact): string {
  const code = fact('whyCode');
  return isKnown(code) ? texts[code](fact) : fact('why');
}

const isKnown = (code: string | undefined): code is FieldErrorCode => code !== undefined && Object.hasOwn(texts, code);

/** Null: it has no code, or this page does not know it. */
export function faultInGerman({ code, facts = {} }: FieldError): string | null {
  if (!isKnown(code)) return null;
  return texts[code]((name) => {
    const fact = facts[name];
    if (fact === undefined) throw new Error(`the fault ${code} has no ${name}`);
    return fact;
  });
}
