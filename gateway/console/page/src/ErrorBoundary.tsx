import { Component, type ReactNode } from "react";

interface ErrorBoundaryProps {
  children: ReactNode;
  broken: string;
  reload: string;
}

/** Shows a message if a part fails to load: an open page may ask for files that an update removed. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { failed: boolean }> {
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
