/** What somebody typed into one field, one in a line or separated by commas. */
export const listIn = (text: string): string[] => text.split(/[\s,]+/).filter((one) => one !== '');
