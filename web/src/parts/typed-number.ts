// Numbers as people type them into fields. Pure.

/** "0.5", "0,5", "1,000", "1,000.5". Null: it is empty, or no number; nothing is guessed. */
export function typedNumber(text: string): number | null {
  const trimmed = text.trim();
  const isThousands = /^[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/.test(trimmed);
  const plain = isThousands ? trimmed.replaceAll(',', '') : trimmed.replace(',', '.');
  return /^-?(\d+(\.\d*)?|\.\d+)$/.test(plain) ? Number(plain) : null;
}
