// The texts of a page in both languages, with the same keys.

export type Language = 'en' | 'de';
export type Translated<T> = Record<Language, T>;

/** @example const texts = translated({ title: 'Deliveries' }, { title: 'Zustellungen' }) */
export function translated<T extends object>(english: T, german: NoInfer<T>): Translated<T> {
  return { en: english, de: german };
}
