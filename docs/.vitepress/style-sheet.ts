// Turns `style` attributes of rendered Markdown, such as those of coloured code, into classes of one style sheet: a policy
// without 'unsafe-inline' forbids the attributes.
import { createHash } from 'node:crypto';
import type { MarkdownRenderer } from 'vitepress';

export interface StyleSheet {
  /** For markdown-it. */
  plugin(md: MarkdownRenderer): void;
  /** The rules of all that was rendered so far. */
  css(): string;
}

export function createStyleSheet(): StyleSheet {
  const rules = new Map<string, string>();
  const classFor = (style: string): string => {
    const name = `s-${createHash('sha256').update(style).digest('hex').slice(0, 8)}`;
    rules.set(name, style);
    return name;
  };
  // braces of examples are no placeholders of the page
  const replace = (html: string) =>
    html
      .replaceAll('{{', '&#123;&#123;')
      .replaceAll(/<[a-z][\w-]*(?:\s[^<>]*?)?\sstyle="[^"]*"[^<>]*>/g, (tag) => withClass(tag, classFor));
  return {
    plugin(md) {
      const { render } = md;
      md.render = (source, env) => replace(render.call(md, source, env));
      // VitePress renders by this one, which waits for the highlighter
      const waiting = md as MarkdownRenderer & { renderAsync?: (source: string, env?: unknown) => Promise<string> };
      const { renderAsync } = waiting;
      if (renderAsync) waiting.renderAsync = async (source, env) => replace(await renderAsync.call(md, source, env));
    },
    css: () =>
      [...rules]
        .sort()
        .map(([name, style]) => `.${name}{${style}}`)
        .join('\n'),
  };
}

function withClass(tag: string, classFor: (style: string) => string): string {
  const [attribute = '', style = ''] = /\sstyle="([^"]*)"/.exec(tag) ?? [];
  const rest = tag.replace(attribute, '');
  const name = classFor(style);
  return /\sclass="/.test(rest)
    ? rest.replace(/\sclass="/, (found) => `${found}${name} `)
    : rest.replace(/^<[a-z][\w-]*/, (found) => `${found} class="${name}"`);
}
