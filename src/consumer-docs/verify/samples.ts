// The verification of Standard Webhooks v1 in the languages of the consumer documentation.
import { csharp } from './csharp.ts';
import { go } from './go.ts';
import { java } from './java.ts';
import { javascript } from './javascript.ts';
import { php } from './php.ts';
import { python } from './python.ts';
import { ruby } from './ruby.ts';

export interface CodeSample {
  language: string;
  title: string;
  /** A name for the file. */
  file: string;
  code: string;
}

export const verification: CodeSample[] = [
  { language: 'javascript', title: 'JavaScript', file: 'webhook.mjs', code: javascript },
  { language: 'python', title: 'Python', file: 'webhook.py', code: python },
  { language: 'go', title: 'Go', file: 'webhook.go', code: go },
  { language: 'java', title: 'Java', file: 'Webhook.java', code: java },
  { language: 'ruby', title: 'Ruby', file: 'webhook.rb', code: ruby },
  { language: 'php', title: 'PHP', file: 'webhook.php', code: php },
  { language: 'csharp', title: 'C#', file: 'Webhook.cs', code: csharp },
];
