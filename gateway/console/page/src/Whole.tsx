import { Component, type ReactNode } from "react";

interface WholeProps {
  children: ReactNode;
  broken: string;
  reload: string;
}

/** What cannot be shown becomes a sentence: a page of yesterday asks for parts that are not there any more. */
export class Whole extends Component<WholeProps, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <div className="trouble" role="alert">
        <span>{this.props.broken}</span>
        <button type="button" onClick={() => location.reload()}>
          {this.props.reload}
        </button>
      </div>
    );
  }
}
