// The headers that belong to the connection, or that we set on it: no endpoint may set them, and nobody who sends may pass them on.

export const connectionHeader =
  /^(connection|content-length|expect|host|http2-settings|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|user-agent)$/i;
