// Pieces of the HTML page.

export function asText(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Text with `code` in backticks. */
export function inline(text: string): string {
  return asText(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

/** Cells are HTML. */
export function table(head: string[], rows: string[][]): string {
  const row = (cells: string[], tag: 'td' | 'th') => `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  return `<div class="wide"><table>${row(head, 'th')}${rows.map((cells) => row(cells, 'td')).join('')}</table></div>`;
}
