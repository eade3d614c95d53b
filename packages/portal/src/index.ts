'use client';
// <PosthornPortal>: the portal of Posthorn inside a page made with React.
import { type CSSProperties, createElement, type ReactElement, useEffect, useRef } from 'react';
import { type ConnectedPortal, connectPortal, type PortalOptions } from './connect.ts';

export type { Look, PortalOptions } from './connect.ts';

export interface PosthornPortalProps extends PortalOptions {
  /** What screen readers call the frame; "Webhooks" by default. */
  title?: string;
  className?: string;
  /** Styles of the frame. Its height is set by the component. */
  style?: CSSProperties;
}

/** Changes of `mode` and `language` are passed on; of the functions the latest are called. Other changes need a new `key`. */
export function PosthornPortal({ title = 'Webhooks', className, style, ...options }: PosthornPortalProps): ReactElement {
  const frame = useRef<HTMLIFrameElement>(null);
  const portal = useRef<ConnectedPortal>(null);
  const latest = useRef(options);
  latest.current = options;

  useEffect(() => {
    if (!frame.current) return;
    const connected = connectPortal(frame.current, {
      ...latest.current,
      getUrl: () => latest.current.getUrl(),
      onReady: () => latest.current.onReady?.(),
      onError: (error) => latest.current.onError?.(error),
    });
    portal.current = connected;
    return () => connected.disconnect();
  }, []);

  const { mode, language } = options;
  useEffect(() => portal.current?.look({ ...(mode && { mode }), ...(language && { language }) }), [mode, language]);

  return createElement('iframe', {
    ref: frame,
    title,
    className,
    style: { display: 'block', width: '100%', border: 0, ...style },
    referrerPolicy: 'no-referrer',
    allow: 'clipboard-write',
  });
}
