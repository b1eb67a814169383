"""Writes every document anew."""

from deploy.contracts.documents import FOLDER, documents


def main() -> None:
    for name, text in documents().items():
        (FOLDER / name).write_text(text)
        print(f"deploy/contracts/{name}")


if __name__ == "__main__":
    main()
