// Words of the filter builder.
import type { Comparison } from '../../../../src/domain/filters/parse-filter.ts';
import type { Join } from './model.ts';

export interface FilterWords {
  operators: Record<Comparison, string>;
  joins: Record<Join, string>;
  types: Record<'text' | 'number' | 'boolean' | 'null', string>;
  /** Between two conditions of a sentence. */
  and: string;
  or: string;
  not: (inner: string) => string;
  yes: string;
  no: string;
  exists: (exists: boolean) => string;
  list: (items: readonly string[]) => string;
  field: string;
  fieldHint: string;
  operator: string;
  type: string;
  value: string;
  addValue: string;
  removeValue: string;
  addCondition: string;
  addHere: string;
  addGroup: string;
  remove: (what: string) => string;
  condition: string;
  group: string;
  anyElement: string;
  none: string;
  notANumber: string;
  builder: string;
  json: string;
  jsonLabel: string;
  notShown: string;
  notJson: string;
}

const en: FilterWords = {
  operators: {
    $eq: 'equals',
    $ne: 'does not equal',
    $in: 'is one of',
    $nin: 'is none of',
    $gt: 'is more than',
    $gte: 'is at least',
    $lt: 'is less than',
    $lte: 'is at most',
    $exists: 'is there',
    $prefix: 'begins with',
    $suffix: 'ends with',
    $contains: 'contains',
  },
  joins: { all: 'All of these hold', any: 'At least one of these holds', not: 'These do not all hold' },
  types: { text: 'Text', number: 'Number', boolean: 'Yes or no', null: 'Null' },
  and: ' and ',
  or: ' or ',
  not: (inner) => `not (${inner})`,
  yes: 'yes',
  no: 'no',
  exists: (exists) => (exists ? 'is there' : 'is absent'),
  list: (items) => new Intl.ListFormat('en', { type: 'disjunction' }).format(items),
  field: 'Field',
  fieldHint: 'such as data.amount',
  operator: 'Comparison',
  type: 'Type of the value',
  value: 'Value',
  addValue: 'Add a value',
  removeValue: 'Remove this value',
  addCondition: 'Add a condition',
  addHere: '+ And also',
  addGroup: 'Add a group',
  remove: (what) => `Remove ${what}`,
  condition: 'condition',
  group: 'group',
  anyElement: 'One element of the list must fit all conditions of this field.',
  none: 'No filter: every event of the chosen types is sent.',
  notANumber: 'must be a number, such as 100 or 9.5',
  builder: 'Back to the conditions',
  json: 'Edit as JSON',
  jsonLabel: 'Filter as JSON',
  notShown: 'This JSON is not a filter yet. Correct it here to go back to the conditions.',
  notJson: 'is not JSON',
};

const de: FilterWords = {
  operators: {
    $eq: 'ist gleich',
    $ne: 'ist ungleich',
    $in: 'ist eines von',
    $nin: 'ist keines von',
    $gt: 'ist größer als',
    $gte: 'ist mindestens',
    $lt: 'ist kleiner als',
    $lte: 'ist höchstens',
    $exists: 'ist vorhanden',
    $prefix: 'beginnt mit',
    $suffix: 'endet mit',
    $contains: 'enthält',
  },
  joins: { all: 'Alle treffen zu', any: 'Mindestens eine trifft zu', not: 'Nicht alle treffen zu' },
  types: { text: 'Text', number: 'Zahl', boolean: 'Ja oder nein', null: 'Null' },
  and: ' und ',
  or: ' oder ',
  not: (inner) => `nicht (${inner})`,
  yes: 'ja',
  no: 'nein',
  exists: (exists) => (exists ? 'ist vorhanden' : 'fehlt'),
  list: (items) => new Intl.ListFormat('de', { type: 'disjunction' }).format(items),
  field: 'Feld',
  fieldHint: 'etwa data.amount',
  operator: 'Vergleich',
  type: 'Art des Werts',
  value: 'Wert',
  addValue: 'Wert hinzufügen',
  removeValue: 'Diesen Wert entfernen',
  addCondition: 'Bedingung hinzufügen',
  addHere: '+ Und außerdem',
  addGroup: 'Gruppe hinzufügen',
  remove: (what) => `${what} entfernen`,
  condition: 'Bedingung',
  group: 'Gruppe',
  anyElement: 'Ein Element der Liste muss alle Bedingungen dieses Felds erfüllen.',
  none: 'Kein Filter: Jedes Ereignis der gewählten Typen wird gesendet.',
  notANumber: 'muss eine Zahl sein, etwa 100 oder 9.5',
  builder: 'Zurück zu den Bedingungen',
  json: 'Als JSON bearbeiten',
  jsonLabel: 'Filter als JSON',
  notShown: 'Dieses JSON ist noch kein Filter. Korrigieren Sie es hier, um zu den Bedingungen zurückzukehren.',
  notJson: 'ist kein JSON',
};

export const filterWords: Record<'en' | 'de', FilterWords> = { en, de };
