import Link from 'next/link';
import { Content } from './content.jsx';

export default function Page() {
  return (
    <Content>
      <p><Link id="next" href="/two">Next</Link></p>
    </Content>
  );
}
