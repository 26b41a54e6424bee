"""Says which click it found."""
import click


@click.command()
def hello():
    click.echo(f"click {click.__version__ if hasattr(click, '__version__') else 'is here'}")


if __name__ == "__main__":
    hello()
