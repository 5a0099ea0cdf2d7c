export const metadata = { title: 'Next', icons: 'data:,' };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <head>
        <script src={process.env.KIT_GATE} />
        <style dangerouslySetInnerHTML={{ __html: process.env.KIT_STYLE }} />
        <script dangerouslySetInnerHTML={{ __html: process.env.KIT_LISTEN }} />
      </head>
      <body>{children}</body>
    </html>
  );
}
