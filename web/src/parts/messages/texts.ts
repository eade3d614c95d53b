// Words of messages for chats, in both languages.

export const en = {
  title: 'Message',
  heading: 'Heading',
  headingHint: 'empty: the event type',
  text: 'Text',
  placeholders: 'Insert a value of the event',
  insert: 'Insert',
  lines: 'Lines with a name and a value',
  label: 'Name',
  value: 'Value',
  addLine: 'Add a line',
  removeLine: 'Remove this line',
  link: 'Button with a link',
  linkHint: 'such as https://admin.example.com/orders/{{data.orderId}}',
  preview: 'Preview',
  open: 'Open',
};

export type MessageWords = typeof en;

export const de: MessageWords = {
  title: 'Nachricht',
  heading: 'Überschrift',
  headingHint: 'leer: der Ereignistyp',
  text: 'Text',
  placeholders: 'Wert des Ereignisses einfügen',
  insert: 'Einfügen',
  lines: 'Zeilen mit Name und Wert',
  label: 'Name',
  value: 'Wert',
  addLine: 'Zeile hinzufügen',
  removeLine: 'Diese Zeile entfernen',
  link: 'Schaltfläche mit Link',
  linkHint: 'etwa https://admin.example.com/orders/{{data.orderId}}',
  preview: 'Vorschau',
  open: 'Öffnen',
};
