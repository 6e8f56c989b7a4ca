using System.Collections;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Hosting.Transport;

/// <summary>
/// What the layers of a connection tell each other. There are some twenty, for as long as a call lasts: in a row they take less than half of the
/// memory that <see cref="FeatureCollection"/> needs, and are found no later.
/// </summary>
internal sealed class ConnectionFeatures : IFeatureCollection
{
    private const int FirstCapacity = 24;

    private KeyValuePair<Type, object>[] _features = new KeyValuePair<Type, object>[FirstCapacity];
    private int _count;
    // A bit for each that was ever here: requests ask for many that never were.
    private UInt128 _seen;

    public bool IsReadOnly => false;

    public int Revision { get; private set; }

    public object? this[Type key]
    {
        get => IndexOf(key) is >= 0 and var index ? _features[index].Value : null;
        set
        {
            Revision++;
            var index = IndexOf(key);
            if (value is null)
            {
                Remove(index);
            }
            else if (index >= 0)
            {
                _features[index] = KeyValuePair.Create(key, value);
            }
            else
            {
                Add(key, value);
            }
        }
    }

    public TFeature? Get<TFeature>() => this[typeof(TFeature)] is { } feature ? (TFeature)feature : default;

    public void Set<TFeature>(TFeature? instance) => this[typeof(TFeature)] = instance;

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => _features.Take(_count).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    // The upper bits of a multiplication differ for types that lie side by side.
    private static UInt128 Bit(Type key) => UInt128.One << (int)((ulong)key.TypeHandle.Value * 0x9E3779B97F4A7C15 >> 57);

    private int IndexOf(Type key)
    {
        if ((_seen & Bit(key)) == 0)
        {
            return -1;
        }

        for (var i = 0; i < _count; i++)
        {
            if (ReferenceEquals(_features[i].Key, key))
            {
                return i;
            }
        }

        return -1;
    }

    private void Add(Type key, object value)
    {
        if (_count == _features.Length)
        {
            Array.Resize(ref _features, 2 * _count);
        }

        _features[_count++] = KeyValuePair.Create(key, value);
        _seen |= Bit(key);
    }

    private void Remove(int index)
    {
        if (index >= 0)
        {
            _features[index] = _features[--_count];
            _features[_count] = default;
        }
    }
}
