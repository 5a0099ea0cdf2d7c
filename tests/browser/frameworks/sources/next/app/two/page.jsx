import { Content } from '../content.jsx';

export default function Page() {
  return (
    <Content n="2">
      <h2>Two</h2>
    </Content>
  );
}
