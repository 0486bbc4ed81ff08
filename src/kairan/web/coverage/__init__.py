"""What nobody looks at, and what nobody acts upon."""
