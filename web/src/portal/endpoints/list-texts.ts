// Words of the list of endpoints, which is in the first load. The other pages about endpoints have more.
import { translated } from '../shell/words/translated.ts';

export const listTexts = translated(
  {
    title: 'Endpoints',
    add: 'Add endpoint',
    none: 'No endpoints yet',
    noneText: 'An endpoint is an address of yours that receives events. Add one to get the first event.',
    search: 'Find an endpoint: address, description, event type',
    noneFits: 'No endpoint fits',
    showAll: 'Show all endpoints',
    more: (count: number) => `Only the newest ${count.toLocaleString('en')} are listed.`,
    columns: { endpoint: 'Endpoint', state: 'State', receives: 'Receives', created: 'Added' },
    states: { sending: 'Active', failing: 'Failing', paused: 'Paused', disabled: 'Disabled', unverified: 'Not verified' },
    allTypes: 'All event types',
    types: (count: number) => `${count} event type${count === 1 ? '' : 's'}`,
    filtered: 'with a filter',
  },
  {
    title: 'Endpunkte',
    add: 'Endpunkt hinzufügen',
    none: 'Noch keine Endpunkte',
    noneText: 'Ein Endpunkt ist eine Ihrer Adressen, die Ereignisse empfängt. Fügen Sie einen hinzu, um das erste Ereignis zu erhalten.',
    search: 'Endpunkt suchen: Adresse, Beschreibung, Ereignistyp',
    noneFits: 'Kein Endpunkt passt',
    showAll: 'Alle Endpunkte zeigen',
    more: (count) => `Nur die neuesten ${count.toLocaleString('de')} sind aufgeführt.`,
    columns: { endpoint: 'Endpunkt', state: 'Zustand', receives: 'Empfängt', created: 'Hinzugefügt' },
    states: { sending: 'Aktiv', failing: 'Gestört', paused: 'Angehalten', disabled: 'Abgeschaltet', unverified: 'Nicht bestätigt' },
    allTypes: 'Alle Ereignistypen',
    types: (count) => `${count} Ereignistyp${count === 1 ? '' : 'en'}`,
    filtered: 'mit Filter',
  },
);
