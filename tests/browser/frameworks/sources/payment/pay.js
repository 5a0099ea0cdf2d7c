/** As payment providers do: a frame of their own origin that the page talks to by messages. */
window.Pay = {
  mount(selector) {
    const frame = document.createElement('iframe');
    frame.src = 'https://pay.test/card.html';
    frame.width = '240';
    frame.height = '40';
    frame.title = 'Card';
    document.querySelector(selector).append(frame);
    const ready = new Promise((resolve) =>
      addEventListener('message', (event) => event.source === frame.contentWindow && event.data.ready && resolve()),
    );
    return {
      ready,
      pay: (amount) =>
        new Promise((resolve) => {
          addEventListener('message', (event) => event.source === frame.contentWindow && event.data.token && resolve(event.data.token));
          frame.contentWindow.postMessage({ amount }, 'https://pay.test');
        }),
    };
  },
};
