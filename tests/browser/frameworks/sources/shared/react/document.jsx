import { App } from './app.jsx';

/** A whole document as React's own tree. */
export const Document = ({ gate, listen, style, script }) => (
  <html lang="en">
    <head>
      <meta charSet="utf-8" />
      <script src={gate} />
      <title>React</title>
      <link rel="icon" href="data:," />
      <style dangerouslySetInnerHTML={{ __html: style }} />
      <script dangerouslySetInnerHTML={{ __html: listen }} />
    </head>
    <body>
      <App />
      <script src={script} defer />
    </body>
  </html>
);
