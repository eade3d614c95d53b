// Headers of the connection, and headers that Posthorn sets on it. Endpoints must not set them,
// and the sender must not forward them.

export const connectionHeader =
  /^(connection|content-length|expect|host|http2-settings|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|user-agent)$/i;
