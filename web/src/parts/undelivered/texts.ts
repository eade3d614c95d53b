// Words of the list of endpoints with what is not delivered to them, in both languages.

export const en = {
  endpoints: 'Endpoints',
  deleted: (id: string) => `${id} (deleted)`,
  showAll: (count: number) => `Show all ${count} endpoints`,
  partial: 'There are more than 20,000. The counts may be a minute old; how attempts ended is told of the newest ones.',
};

export type GroupWords = typeof en;

export const de: GroupWords = {
  endpoints: 'Endpunkte',
  deleted: (id) => `${id} (gelöscht)`,
  showAll: (count) => `Alle ${count} Endpunkte zeigen`,
  partial: 'Es sind mehr als 20.000. Die Zahlen können eine Minute alt sein; wie Versuche endeten, steht von den neuesten da.',
};
